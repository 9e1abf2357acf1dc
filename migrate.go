package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"menshen/store"
	"menshen/store/transfer"
)

type migrateCommand struct {
	From        storeURL `required:"" env:"MENSHEN_FROM" placeholder:"URL" help:"The store that migrate copies, written as --store is."`
	To          storeURL `required:"" env:"MENSHEN_TO" placeholder:"URL" help:"Where migrate copies it to: an empty database, or a file that is not there yet."`
	KeyFile     string   `env:"MENSHEN_KEY_FILE" type:"local" placeholder:"FILE" help:"The key file of both stores."`
	FromKeyFile string   `env:"MENSHEN_FROM_KEY_FILE" type:"local" placeholder:"FILE" help:"The key file of the store that migrate copies. Default: --key-file."`
	ToKeyFile   string   `env:"MENSHEN_TO_KEY_FILE" type:"local" placeholder:"FILE" help:"The key file of the copy, made with a new file. Default: --key-file."`
}

// Run copies a store, or goes on with a copy that was broken off.
func (c migrateCommand) Run(ctx context.Context, env environment) error {
	for _, flag := range exposedSecrets(env.args) {
		fmt.Fprintf(env.stderr, "menshen: %s: %s\n", flag, exposedWarning)
	}
	from, err := openAlone(ctx, storeSettings{c.From, cmp.Or(c.FromKeyFile, c.KeyFile)}, commandOptions)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	to, err := openAlone(ctx, storeSettings{c.To, cmp.Or(c.ToKeyFile, c.KeyFile)}, unfinishedOptions)
	if err != nil {
		return errors.Join(fmt.Errorf("--to: %w", err), from.Close())
	}
	return errors.Join(copyStore(ctx, from, to, env), from.Close(), to.Close())
}

// unfinishedOptions are for the target of a copy.
var unfinishedOptions = func() store.Options {
	options := commandOptions
	options.Unfinished, options.Existing = true, false
	return options
}()

// openAlone opens a store that no server may use meanwhile.
func openAlone(ctx context.Context, s storeSettings, options store.Options) (store.Transferable, error) {
	db, err := openForCopy(ctx, s, options)
	if err != nil {
		return nil, err
	}
	if err := refuseInstances(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openForCopy opens a store that is copied, or copied to. A server that runs on a
// file holds it. One that runs on a database does not; what it writes meanwhile is
// not in the copy.
func openForCopy(ctx context.Context, s storeSettings, options store.Options) (store.Transferable, error) {
	db, err := openStore(ctx, s, options)
	switch {
	case errors.Is(err, store.ErrInUse):
		return nil, fmt.Errorf("%w: stop the server first", err)
	case err != nil:
		return nil, err
	}
	return db.(store.Transferable), nil // as both engines are
}

// copyStore copies a store and prints what was found of each part.
func copyStore(ctx context.Context, from, to store.Transferable, env environment) error {
	began := time.Now()
	found, err := transfer.Copy(ctx, from, to, newProgress(env.stderr))
	records := printVerdicts(env.stdout, found)
	switch {
	case errors.Is(err, store.ErrNotEmpty):
		return errors.New("where the copy is to come there is a store already, or half a copy of another one: name an empty database, or a file that is not there yet")
	case errors.Is(err, transfer.ErrDiffers):
		return fmt.Errorf("%w\nThe source has changed since the copy was begun, or somebody has written to the copy: stop the servers, drop the copy and begin anew", err)
	case err != nil:
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "copied and verified %d records in %v\n", records, time.Since(began).Round(time.Millisecond))
	return err
}

// printVerdicts prints a row for each part and returns how many records the source has.
func printVerdicts(w io.Writer, found []transfer.Verdict) (records int) {
	if len(found) == 0 {
		return 0
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PART\tIN THE SOURCE\tIN THE COPY\tSHA-256 OF THE SOURCE\tOF THE COPY")
	for _, v := range found {
		records += v.Source.Records
		fmt.Fprintf(table, "%s\t%d\t%d\t%.8x\t%.8x\n", v.Part, v.Source.Records, v.Target.Records, v.Source.SHA256, v.Target.SHA256)
	}
	table.Flush()
	return records
}
