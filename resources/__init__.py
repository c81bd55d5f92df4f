"""Data files of the product: icons, themes, translations and the demo day."""
