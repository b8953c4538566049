"""Pictures as SVG, drawn on the server: shapes and numbers here, colours in the style sheet."""
