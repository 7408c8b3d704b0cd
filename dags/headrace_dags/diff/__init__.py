"""Two plans compared: what would be redeployed and why, and what callers of the dag would see."""
