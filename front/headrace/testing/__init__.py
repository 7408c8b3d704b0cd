"""What tests of steps and dags lean on: assertions about media here, fixtures in ``plugin``, which pytest loads by itself."""

from __future__ import annotations

from headrace.testing.media import assert_image, assert_tone

__all__ = ("assert_image", "assert_tone")
