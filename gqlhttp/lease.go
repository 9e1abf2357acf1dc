package gqlhttp

import "context"

// lease is what extensions take for a request and its transport gives back: a
// turn, or room for an answer. It is one goroutine's.
type lease struct{ ends []func() }

type leaseKey struct{}

// withLease returns a context in which extensions find a lease.
func withLease(ctx context.Context) (context.Context, *lease) {
	l := new(lease)
	return context.WithValue(ctx, leaseKey{}, l), l
}

// leaseOf returns nil under a transport of somebody else, who would give nothing
// back.
func leaseOf(ctx context.Context) *lease {
	l, _ := ctx.Value(leaseKey{}).(*lease)
	return l
}

// add has end called when the lease ends.
func (l *lease) add(end func()) { l.ends = append(l.ends, end) }

// end gives everything back. The lease may be used again.
func (l *lease) end() {
	for _, end := range l.ends {
		end()
	}
	l.ends = nil
}
