package store

// Export is everything held about one user, at one instant. Secrets are left
// out: session_keys, and the hashes of refresh tokens. So are the tickets of scan
// login, which are gone within minutes.
type Export struct {
	User     User
	Sessions []Session    // kept ones, newest first
	Events   []AuditEvent // about the user or by them, newest first
}
