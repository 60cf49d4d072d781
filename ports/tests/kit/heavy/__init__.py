"""A plugin that imports its vendor's library although it is only listed."""

import vendor_sdk as vendor_sdk

from ports.hooks import hookimpl as hookimpl
