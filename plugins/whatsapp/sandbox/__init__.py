"""WhatsApp in memory."""

from __future__ import annotations

from plugins.whatsapp.sandbox.graph import WhatsAppSandbox

__all__ = ["WhatsAppSandbox"]
