"""What words say, however they are spelled: folding, rules, and the list that no owner can switch off. Pure."""
