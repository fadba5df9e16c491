"""The static pages and the basemap, as files."""
