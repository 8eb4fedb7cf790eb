"""What holds in the documents and what does not."""
