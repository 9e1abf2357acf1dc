package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"menshen/store"
	"menshen/store/seal"
	"menshen/token"
)

type keysCommand struct {
	Create keysCreate `cmd:"" help:"Make a key file, for the instances that share a database. Each needs a copy of it."`
	List   keysList   `cmd:"" help:"List the keys."`
	Rotate keysRotate `cmd:"" help:"Make new keys. What the old ones signed or sealed stays valid: this begins an overlap."`
	Prune  keysPrune  `cmd:"" help:"Forget the retired keys, which ends the overlap: access tokens they signed stop working at once. Wait for --access-ttl after a rotation, unless a key has leaked. Refresh tokens keep working; secrets are sealed again first."`
}

type (
	keysCreate struct {
		File string `arg:"" type:"local" help:"The file to make. It must not exist yet."`
	}
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

// Run makes a key file.
func (c keysCreate) Run(env environment) error {
	if err := refuseExisting(c.File); err != nil {
		return err
	}
	if _, err := seal.KeyFile(c.File).Key(true); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.stdout, "%s: give each instance a copy, with mode 0600, and keep one apart from the backups of the database.\n", c.File)
	return err
}

// Run lists the keys.
func (c keysList) Run(ctx context.Context, env environment) error {
	return c.perform(ctx, "keys list", "", env.stdout)
}

// Run makes new keys.
func (c keysRotate) Run(ctx context.Context, env environment) error {
	return c.perform(ctx, "keys rotate", "", env.stdout)
}

// Run forgets the retired keys.
func (c keysPrune) Run(ctx context.Context, env environment) error {
	return c.perform(ctx, "keys prune", "", env.stdout)
}

// keyChange changes the keys and returns the ids of those that it forgot.
type keyChange func(ctx context.Context, signer *token.Signer, db store.Store) (forgotten []string, err error)

// withKeys is the job of changing the keys and printing what is left.
func withKeys(change keyChange) job {
	return func(ctx context.Context, h holder, _ string, w io.Writer) error {
		signer, err := h.signer(ctx)
		if err != nil {
			return err
		}
		forgotten, err := change(ctx, signer, h.store)
		if err != nil {
			return err
		}
		sealing, err := h.store.SealingKeys(ctx)
		if err != nil {
			return err
		}
		return printKeys(w, signer.Keys(), sealing, forgotten)
	}
}

func changeNothing(context.Context, *token.Signer, store.Store) ([]string, error) { return nil, nil }

func rotateKeys(ctx context.Context, signer *token.Signer, db store.Store) ([]string, error) {
	if err := signer.Rotate(ctx); err != nil {
		return nil, err
	}
	return nil, errors.Join(announceKeys(ctx, db), db.RotateSealing(ctx))
}

func pruneKeys(ctx context.Context, signer *token.Signer, db store.Store) ([]string, error) {
	oldest, err := db.OldestSession(ctx)
	if err != nil {
		return nil, err
	}
	tokens, err := signer.Prune(ctx, oldest)
	if err != nil {
		return nil, err
	}
	announceErr := announceKeys(ctx, db) // before what may take long
	sealing, err := db.PruneSealing(ctx)
	return append(tokens, sealing...), errors.Join(announceErr, err)
}

// printKeys prints a table without key material.
func printKeys(w io.Writer, tokens []token.KeyInfo, sealing []store.SealingKey, forgotten []string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "USE\tSTATE\tALGORITHM\tCREATED\tID")
	for _, k := range tokens {
		created := "-"
		if !k.CreatedAt.IsZero() {
			created = k.CreatedAt.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", k.Use, keyState(k.Active), k.Algorithm, created, k.ID)
	}
	for _, k := range sealing {
		fmt.Fprintf(table, "sealing\t%s\tAES256-GCM\t-\t%s\n", keyState(k.Active), k.ID)
	}
	for _, id := range forgotten {
		fmt.Fprintf(table, "forgotten\t\t\t\t%s\n", id)
	}
	return table.Flush()
}

func keyState(active bool) string {
	if active {
		return "active"
	}
	return "retired"
}
