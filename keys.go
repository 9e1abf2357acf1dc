package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"menshen/store"
	"menshen/token"
)

type keysCommand struct {
	List   keysList   `cmd:"" help:"List the keys."`
	Rotate keysRotate `cmd:"" help:"Make new keys. What the old ones signed or sealed stays valid: this begins an overlap."`
	Prune  keysPrune  `cmd:"" help:"Forget the retired keys, which ends the overlap: access tokens they signed stop working at once. Wait for --access-ttl after a rotation, unless a key has leaked. Refresh tokens keep working; secrets are sealed again first."`
}

type (
	keysList struct {
		storeSettings `embed:""`
	}
	keysRotate struct {
		storeSettings `embed:""`
	}
	keysPrune struct {
		storeSettings `embed:""`
	}
)

// Run lists the keys.
func (c keysList) Run(ctx context.Context, env environment) error {
	return reportKeys(ctx, env, c.storeSettings, "list")
}

// Run makes new keys.
func (c keysRotate) Run(ctx context.Context, env environment) error {
	return reportKeys(ctx, env, c.storeSettings, "rotate")
}

// Run forgets the retired keys.
func (c keysPrune) Run(ctx context.Context, env environment) error {
	return reportKeys(ctx, env, c.storeSettings, "prune")
}

// reportKeys does a job with the keys and prints them. A running server holds
// the file, so it is asked first; without one the command opens the store itself.
func reportKeys(ctx context.Context, env environment, s storeSettings, job string) error {
	path, err := s.boltPath()
	if err != nil {
		return err
	}
	report, err := askServer(ctx, controlPath(path), "/keys/"+job)
	if errors.Is(err, errNoServer) {
		report, err = keysOffline(ctx, s, job)
	}
	if err != nil {
		return err
	}
	return report.print(env.stdout)
}

func keysOffline(ctx context.Context, s storeSettings, job string) (keyReport, error) {
	// No session begins here: what its life would be does not matter.
	db, err := openStore(s, store.Options{SessionLife: time.Hour, MaxSessions: 1, AuditLife: time.Hour}, mustExist)
	if err != nil {
		return keyReport{}, err
	}
	defer db.Close()
	// No token is issued here: the issuer does not matter, the algorithm stays.
	signer, err := openSigner(ctx, db, "menshen", "")
	if err != nil {
		return keyReport{}, err
	}
	return keyJobs{signer, db}.do(ctx, job)
}

// keyJobs work with the keys of a store that this process holds.
type keyJobs struct {
	signer *token.Signer
	store  store.Store
}

// keyReport is what is left after a job, without key material.
type keyReport struct {
	Keys    []keyLine `json:"keys"`
	Dropped []string  `json:"dropped,omitempty"`
}

type keyLine struct {
	Use       string    `json:"use"`
	ID        string    `json:"id"`
	Algorithm string    `json:"algorithm"`
	State     string    `json:"state"`
	CreatedAt time.Time `json:"createdAt,omitzero"`
}

func (j keyJobs) do(ctx context.Context, job string) (keyReport, error) {
	var dropped []string
	var err error
	switch job {
	case "rotate":
		err = errors.Join(j.signer.Rotate(ctx), j.store.RotateSealing(ctx))
	case "prune":
		dropped, err = j.prune(ctx)
	case "list":
	default:
		err = fmt.Errorf("there is no job %q with keys", job)
	}
	if err != nil {
		return keyReport{}, err
	}
	report, err := j.list(ctx)
	report.Dropped = dropped
	return report, err
}

func (j keyJobs) prune(ctx context.Context) ([]string, error) {
	oldest, err := j.store.OldestSession(ctx)
	if err != nil {
		return nil, err
	}
	tokens, err := j.signer.Prune(ctx, oldest)
	if err != nil {
		return nil, err
	}
	sealing, err := j.store.PruneSealing(ctx)
	return append(tokens, sealing...), err
}

func (j keyJobs) list(ctx context.Context) (report keyReport, err error) {
	for _, k := range j.signer.Keys() {
		report.Keys = append(report.Keys, keyLine{k.Use, k.ID, string(k.Algorithm), keyState(k.Active), k.CreatedAt})
	}
	sealing, err := j.store.SealingKeys(ctx)
	for _, k := range sealing {
		report.Keys = append(report.Keys, keyLine{Use: "sealing", ID: k.ID, Algorithm: "AES256-GCM", State: keyState(k.Active)})
	}
	return report, err
}

func keyState(active bool) string {
	if active {
		return "active"
	}
	return "retired"
}

func (r keyReport) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "USE\tSTATE\tALGORITHM\tCREATED\tID")
	for _, k := range r.Keys {
		created := "-"
		if !k.CreatedAt.IsZero() {
			created = k.CreatedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", k.Use, k.State, k.Algorithm, created, k.ID)
	}
	for _, id := range r.Dropped {
		fmt.Fprintf(table, "forgotten\t\t\t\t%s\n", id)
	}
	return table.Flush()
}
