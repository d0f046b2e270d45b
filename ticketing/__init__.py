"""The work order (工单): a synchronous core over a database session, free of web, queue and provider code."""
