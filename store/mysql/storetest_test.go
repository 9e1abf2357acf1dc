package mysql

import (
	"slices"
	"testing"
	"time"

	"menshen/store"
	"menshen/store/mysql/mysqltest"
	"menshen/store/seal"
	"menshen/store/storetest"
)

// TestStore holds the engine to the law on one server, and on a cluster whose
// callers are spread over instances that each prefer another node.
func TestStore(t *testing.T) {
	t.Run("MariaDB", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, harness(t, mysqltest.Shared(t)))
	})
	t.Run("Galera", func(t *testing.T) {
		t.Parallel()
		storetest.Run(t, harness(t, mysqltest.StartCluster(t, 3).Nodes...))
	})
}

// harness makes stores on nodes of one cluster: an instance for each node.
func harness(whole *testing.T, nodes ...*mysqltest.Node) storetest.Harness {
	free := &databases{node: nodes[0], whole: whole}
	reopen := map[store.Store]func(*testing.T) store.Store{}
	var open func(t *testing.T, database string, key seal.KeyFile, options store.Options) store.Store
	open = func(t *testing.T, database string, key seal.KeyFile, options store.Options) store.Store {
		t.Helper()
		var s store.Store
		if all := openAll(t, nodes, database, key, options); len(all) == 1 {
			s = all[0]
		} else {
			s = &spread{all: all}
		}
		reopen[s] = func(t *testing.T) store.Store { return open(t, database, key, options) }
		t.Cleanup(func() {
			delete(reopen, s)
			checkTest(t, s)
			closeTest(t, s)
		})
		return s
	}
	return storetest.Harness{
		Open: func(t *testing.T, options store.Options) store.Store {
			return open(t, free.take(t), newKey(t), options)
		},
		Reopen: func(t *testing.T, s store.Store) store.Store {
			closeTest(t, s)
			return reopen[s](t)
		},
	}
}

// openAll opens an instance for each node, which prefers it.
func openAll(t *testing.T, nodes []*mysqltest.Node, database string, key seal.KeyFile, options store.Options) (all []*Store) {
	t.Helper()
	for i := range nodes {
		preferred := slices.Concat(nodes[i:], nodes[:i])
		s := mustOpen(t, mysqltest.URL(database, preferred...), key, options)
		s.settling = 5 * time.Second // no verb of a law takes as long
		all = append(all, s)
	}
	return all
}
