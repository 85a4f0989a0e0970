"""How a context behaves where nobody says otherwise: from files, environment and command line."""

from weft.settings.setting import SETTINGS, Setting, setting
from weft.settings.settings import Settings, Value
from weft.settings.sources import read_settings

__all__ = ["SETTINGS", "Setting", "Settings", "Value", "read_settings", "setting"]
