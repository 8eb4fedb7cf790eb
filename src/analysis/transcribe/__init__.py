"""From a document to a draft package that a person finishes."""
