package mysqltest

import (
	"fmt"
	"strings"
)

// provider is where packages put Galera.
const provider = "/usr/lib/galera/libgalera_smm.so"

// installFlags are those of the program that makes the system tables.
func (n *Node) installFlags() []string {
	return []string{
		"--no-defaults", "--datadir=" + n.data(), "--skip-name-resolve", "--skip-test-db",
		"--auth-root-authentication-method=normal", "--innodb-log-file-size=64M",
	}
}

// flags are those of the server. Where a setting says something about the SQL
// that it takes, it is as managed databases have it: the default collation is
// not case-sensitive.
func (n *Node) flags() []string {
	flags := []string{
		"--no-defaults", "--datadir=" + n.data(), "--socket=" + n.socket(), "--pid-file=pid",
		"--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", n.ports.sql), "--skip-name-resolve",
		"--max-connections=300", "--character-set-server=utf8mb4",
		"--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=128M", "--innodb-log-file-size=64M",
	}
	if len(n.cluster.Nodes) > 1 {
		return append(flags, n.galeraFlags()...)
	}
	return append(flags, "--wsrep-on=OFF")
}

// galeraFlags make the server one of its cluster. A dead node is given up after
// two seconds, which is less than Galera's own five.
func (n *Node) galeraFlags() []string {
	var peers []string
	for _, peer := range n.cluster.Nodes {
		peers = append(peers, peer.ports.group.String())
	}
	return []string{
		"--binlog-format=ROW", "--innodb-autoinc-lock-mode=2", "--innodb-snapshot-isolation=ON",
		"--wsrep-on=ON", "--wsrep-provider=" + provider, "--wsrep-cluster-name=mysqltest",
		"--wsrep-cluster-address=gcomm://" + strings.Join(peers, ","),
		fmt.Sprintf("--wsrep-node-name=%d", n.number), fmt.Sprintf("--server-id=%d", n.number),
		"--wsrep-node-address=127.0.0.1", "--wsrep-node-incoming-address=" + n.ports.sql.String(),
		"--wsrep-slave-threads=4", "--wsrep-sync-wait=1",
		"--wsrep-sst-method=rsync", "--wsrep-sst-receive-address=" + n.ports.snapshot.String(),
		"--wsrep-provider-options=" + strings.Join([]string{
			"gmcast.listen_addr=tcp://" + n.ports.group.String(), "ist.recv_addr=" + n.ports.increment.String(),
			"gcache.size=64M", "evs.keepalive_period=PT0.5S", "evs.suspect_timeout=PT2S", "evs.inactive_timeout=PT4S",
		}, ";"),
	}
}
