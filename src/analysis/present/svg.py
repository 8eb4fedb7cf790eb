"""A matplotlib figure as SVG text for pages."""
