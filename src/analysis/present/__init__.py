"""Text, charts and tables for readers."""
