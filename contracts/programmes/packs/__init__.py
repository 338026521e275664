"""The packs and overlays that come with this release: data, one TOML file a version."""
