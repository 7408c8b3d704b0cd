"""The embedded log beside SQLite alone and a bare socket."""
