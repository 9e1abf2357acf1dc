package mysqltest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// restart tells a node of a cluster where its data end. One that is not told
// takes itself for complete and silently lacks what InnoDB had not kept.
func (n *Node) restart(ctx context.Context) error {
	if len(n.cluster.Nodes) == 1 {
		return n.start()
	}
	position, err := n.recovered(ctx)
	if err != nil {
		return fmt.Errorf("node %d: recover position: %w", n.number, err)
	}
	return n.start("--wsrep-start-position=" + position)
}

var recoveredPosition = regexp.MustCompile(`Recovered position: *(\S+)`)

// recovered has InnoDB repair itself and returns the last transaction it holds.
func (n *Node) recovered(ctx context.Context) (position string, err error) {
	log := filepath.Join(n.dir, "recovery")
	os.Remove(log) // what it said of an earlier crash is old; often there is none
	p, err := n.cluster.warden.launch(log, daemon, append(n.flags(), "--wsrep-recover")...)
	if err != nil {
		return "", err
	}
	if err := p.finish(ctx); err != nil {
		return "", fmt.Errorf("%w\n%s", err, tail(log))
	}
	text, err := os.ReadFile(log)
	if err != nil {
		return "", err
	}
	found := recoveredPosition.FindSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("none in the log\n%s", tail(log))
	}
	return string(found[1]), nil
}

// BootstrapSurvivor makes a node that is left without a quorum the Primary
// component alone, as an operator does who knows that the others are dead.
func (n *Node) BootstrapSurvivor() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	db := n.open("")
	defer db.Close()
	if _, err := db.ExecContext(ctx, "SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'"); err != nil {
		return fmt.Errorf("node %d: bootstrap: %w", n.number, err)
	}
	return n.await(ctx)
}
