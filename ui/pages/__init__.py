"""The pages of the window, one module each; a page shows and forwards, and knows no rule."""
