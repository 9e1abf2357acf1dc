package main_test

import (
	"path/filepath"
	"strings"
	"testing"

	"menshen/store/mysql/mysqltest"
	"menshen/wechat/wechattest"
)

// onDatabase is an installation with the same settings and key file, whose store is
// an empty database.
func (i installation) onDatabase() installation {
	i.t.Helper()
	node := mysqltest.Shared(i.t)
	i.settings = append(i.settings[:len(i.settings):len(i.settings)], "MENSHEN_STORE="+mysqltest.URL(node.NewDatabase(i.t), node))
	return i
}

// TestBackupOfADatabase takes a backup under a running server and restores it to
// another database, and to a file.
func TestBackupOfADatabase(t *testing.T) {
	sim := wechattest.New(t)
	house := install(t, sim.URL()).onDatabase()
	keyFile := filepath.Join(house.dir, "menshen.key")
	house.succeeds("keys", "create", keyFile)
	server := house.serve()
	mei := server.loginAs(sim, "mei")
	file := filepath.Join(t.TempDir(), "backup")
	said := house.succeeds("backup", file)
	if !strings.Contains(said, "The key file ("+keyFile+") is not in it") || modeOf(t, file) != 0o600 {
		t.Errorf("the backup has mode %v; says\n%s", modeOf(t, file), said)
	}
	expectRefusal(t, house.run("backup", file), file+" is there already")
	server.loginAs(sim, "lin")
	expectRefusal(t, house.run("restore", file), "a server runs on this database: stop all of them first")
	server.stop()
	expectRefusal(t, house.run("restore", file), "there is a store already")

	for name, restored := range map[string]installation{"database": house.onDatabase(), "file": house.moved()} {
		restored.succeeds("restore", file)
		expectRefusal(t, restored.run("restore", file), "there is a store ")
		if got := restored.succeeds("check"); !strings.Contains(got, "checked 1 users, 1 identities, 1 sessions, 1 audit events") {
			t.Errorf("%s: says %q", name, got)
		}
		server := restored.serve()
		server.expectUser(mei.AccessToken, mei.User.ID)
		server.stop()
	}
	expectFiles(t, filepath.Dir(file), "backup")
}

// TestMigrateStandsBack finds servers at either end of a copy, one of them killed.
func TestMigrateStandsBack(t *testing.T) {
	house := install(t, wechattest.New(t).URL())
	house.succeeds("keys", "create", filepath.Join(house.dir, "menshen.key"))
	from, to := house.onDatabase(), house.onDatabase()
	migrate := []string{"migrate", "--from", from.database().String(), "--to", to.database().String()}
	for _, served := range []installation{from, to} {
		server := served.serve()
		expectRefusal(t, house.run(migrate...), "a server runs on this database")
		server.kill()
		expectRefusal(t, house.run(migrate...), "one that was killed counts for ")
	}
}

// TestDatabaseRestoresNoOther restores what is no backup, or one of another key file.
func TestDatabaseRestoresNoOther(t *testing.T) {
	sim := wechattest.New(t)
	house, other := install(t, sim.URL()), install(t, sim.URL())
	file := filepath.Join(t.TempDir(), "backup")
	other.serve().stop()
	other.succeeds("backup", file)
	house.succeeds("keys", "create", filepath.Join(house.dir, "menshen.key"))
	database := house.onDatabase()
	expectRefusal(t, database.run("restore", file), "--key-file (MENSHEN_KEY_FILE) must name the key file of the store that was backed up")
	expectRefusal(t, database.run("restore", program(t)), program(t)+" cannot be restored: ")
	expectRefusal(t, database.run("restore", file+"-none"), "no such file")
	database.serve().stop()
}
