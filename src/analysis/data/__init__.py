"""The transcribed tables: what is where, typed and corrected, and how documents print numbers."""
