// Placeholder until the generated parts land.
