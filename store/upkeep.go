package store

// SealingKey describes a key that seals secrets at rest.
type SealingKey struct {
	ID     string
	Active bool
}

// Inventory is what Check counted.
type Inventory struct {
	Users       int
	Identities  int
	Sessions    int // ended ones that are kept included
	AuditEvents int
}
