"""GIFs of which only the first frame is read, so that nothing is prepared for a second one.

bytes -> FirstFrame, an image of Pillow's with its header read
"""

from PIL.GifImagePlugin import GifImageFile

SIGNATURE = b"GIF8"


class FirstFrame(GifImageFile):
    """The first frame of a GIF.

    Where a frame asks to be cleared before the next one, Pillow paints what clears it while it reads the
    header, as large as the frame claims to be: 36 bytes make 4 GB, before anybody can look at the size.
    """

    @property
    def disposal_method(self) -> int:
        """How the frame is cleared: not at all, for none follows."""
        return 0

    @disposal_method.setter
    def disposal_method(self, asked_for: int) -> None:
        """Leave what the file asks for."""
