"""The telephone (电话): what a call hears and asks, as steps that any telephone provider can carry out."""
