"""The knowledge (办事指南): what the hotline knows, who wrote it, and how it is quoted."""
