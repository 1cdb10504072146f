"""Loss functions that two methods or more share: pure functions of tensors."""
