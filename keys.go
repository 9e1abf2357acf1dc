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
		keysSettings `embed:""`
	}
	keysRotate struct {
		keysSettings `embed:""`
	}
	keysPrune struct {
		keysSettings `embed:""`
	}
)

type keysSettings struct {
	storeSettings `embed:""`
}

// Run lists the keys.
func (c keysList) Run(ctx context.Context, env environment) error {
	return c.report(ctx, env, "list")
}

// Run makes new keys.
func (c keysRotate) Run(ctx context.Context, env environment) error {
	return c.report(ctx, env, "rotate")
}

// Run forgets the retired keys.
func (c keysPrune) Run(ctx context.Context, env environment) error {
	return c.report(ctx, env, "prune")
}

// report does a job with the keys and prints them. A running server holds the
// file, so it is asked first; without one the command opens the store itself.
func (c keysSettings) report(ctx context.Context, env environment, job string) error {
	path, err := c.boltPath()
	if err != nil {
		return err
	}
	if c.RefreshTTL <= 0 { // every retired key would look too old to keep
		return errors.New("--refresh-ttl (MENSHEN_REFRESH_TTL) must be positive")
	}
	report, err := askServer(ctx, controlPath(path), "/keys/"+job)
	if errors.Is(err, errNoServer) {
		report, err = c.offline(ctx, job)
	}
	if err != nil {
		return err
	}
	return report.print(env.stdout)
}

func (c keysSettings) offline(ctx context.Context, job string) (keyReport, error) {
	db, err := openStore(c.storeSettings, store.Options{SessionLife: c.RefreshTTL, MaxSessions: 1}, mustExist)
	if err != nil {
		return keyReport{}, err
	}
	defer db.Close()
	// No token is issued here: the issuer does not matter, the algorithm stays.
	signer, err := openSigner(ctx, db, "menshen", "")
	if err != nil {
		return keyReport{}, err
	}
	return keyOffice{signer, db, c.RefreshTTL}.do(ctx, job)
}

// keyOffice works with the keys of a store that this process holds.
type keyOffice struct {
	signer     *token.Signer
	store      store.Store
	refreshTTL time.Duration
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

func (o keyOffice) do(ctx context.Context, job string) (keyReport, error) {
	var dropped []string
	var err error
	switch job {
	case "rotate":
		err = errors.Join(o.signer.Rotate(ctx), o.store.RotateSealing(ctx))
	case "prune":
		dropped, err = o.prune(ctx)
	case "list":
	default:
		err = fmt.Errorf("there is no job %q with keys", job)
	}
	if err != nil {
		return keyReport{}, err
	}
	report, err := o.list(ctx)
	report.Dropped = dropped
	return report, err
}

func (o keyOffice) prune(ctx context.Context) ([]string, error) {
	tokens, err := o.signer.Prune(ctx, o.refreshTTL)
	if err != nil {
		return nil, err
	}
	sealing, err := o.store.PruneSealing(ctx)
	return append(tokens, sealing...), err
}

func (o keyOffice) list(ctx context.Context) (report keyReport, err error) {
	for _, k := range o.signer.Keys() {
		report.Keys = append(report.Keys, keyLine{k.Use, k.ID, string(k.Algorithm), keyState(k.Active), k.CreatedAt})
	}
	sealing, err := o.store.SealingKeys(ctx)
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
