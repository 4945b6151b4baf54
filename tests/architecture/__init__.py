"""Is the program still put together as it says it is? Each message tells why the rule is there."""
