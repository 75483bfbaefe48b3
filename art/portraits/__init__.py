"""The people whom the stock avatars show, and what it takes to draw them."""
