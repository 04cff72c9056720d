"""The merchant's page, in Gradio. Importing it switches off everything that would phone home."""

import os

# Gradio and the hub client read these as they are imported, so they stand before any import.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
