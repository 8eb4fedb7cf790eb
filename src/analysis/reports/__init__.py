"""One module a notebook, with its sentences and its sections."""
