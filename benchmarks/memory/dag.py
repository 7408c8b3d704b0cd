"""A dag that reads every byte of a video and seeks in it, in two models that share nothing but the reference."""

import hashlib

import headrace as hr

PIECE = 1 << 20
PLACES = 10


@hr.step
def fingerprint(video: hr.Video) -> hr.Text:
    """Every byte, a mebibyte at a time."""
    digest = hashlib.sha256()
    with video.open() as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


class Places(hr.Stateful):
    """A glance at ten places, the last first."""

    def __call__(self, video: hr.Video) -> hr.Text:
        digest = hashlib.sha256()
        with video.open() as stream:
            for place in reversed(range(PLACES)):
                stream.seek(video.size * place // PLACES)
                digest.update(stream.read(65536))
        return digest.hexdigest()


@hr.step
def both(whole: hr.Text, places: hr.Text) -> hr.Text:
    return f"{whole} {places}"


@hr.dag
def read(video: hr.Video) -> hr.Text:
    return both(fingerprint(video), Places()(video))
