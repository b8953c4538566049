"""The console's pages, one module each; `web.site` lists them."""
