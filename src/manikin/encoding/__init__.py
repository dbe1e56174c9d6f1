"""What an encoded array is made of: blocks on a grid, tokens, histories."""
