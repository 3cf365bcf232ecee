"""Charts as PNG, in one visual language: quotes with their uncertainty first, the curve through them second.

Imported where a chart is drawn and nowhere else: matplotlib costs half a second.
"""

import logging

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # its notes on fonts and folders are not the reader's affair
