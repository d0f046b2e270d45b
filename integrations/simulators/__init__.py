"""Stand-ins for the providers (模拟运营商): phone carrier, WeChat, text messages, so that a demo needs no account."""
