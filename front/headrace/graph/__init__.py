"""Graphs as text and pictures: Mermaid, DOT and SVG with a layout of its own."""
