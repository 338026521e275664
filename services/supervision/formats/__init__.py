"""Files that people bring and take away: claims to be screened, and what was found."""
