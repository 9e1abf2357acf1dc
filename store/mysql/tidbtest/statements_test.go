// Package tidbtest asks TiDB's own parser about every statement that the engine
// sends, which the tests of store/mysql gather in testdata/statements.sql. It is a
// module of its own, so that the parser is no dependency of Menshen.
//
// It parses and looks; nothing is run on TiDB.
package tidbtest

import (
	"os"
	"strings"
	"testing"

	"github.com/pingcap/tidb/pkg/parser"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver" // how the parser keeps literals
)

func TestStatements(t *testing.T) {
	text, err := os.ReadFile("../testdata/statements.sql")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		for _, complaint := range complaints(line) {
			t.Errorf("%s: %s", complaint, line)
		}
	}
}

// complaints says what keeps a statement from running on MySQL 5.7, MariaDB 10.11
// and TiDB alike.
func complaints(statement string) []string {
	nodes, _, err := parser.New().ParseSQL(statement)
	if err != nil {
		return []string{"TiDB does not parse it: " + err.Error()}
	}
	if len(nodes) != 1 {
		return []string{"it is not one statement"}
	}
	var s subset
	s.statement(nodes[0])
	nodes[0].Accept(&s)
	return s.complaints
}

// TestComplaints keeps the net tight: each of these parses somewhere, and is what
// one of the three does not do, or not in the same way.
func TestComplaints(t *testing.T) {
	for _, statement := range []string{
		"SELECT 1; SELECT 2",
		"SELECT FROM users",
		"SELECT id FROM users LOCK IN SHARE MODE",
		"SELECT id FROM users FOR SHARE",
		"SELECT id FROM users FOR UPDATE NOWAIT",
		"SELECT id FROM users FOR UPDATE SKIP LOCKED",
		"SELECT GET_LOCK('a', 1)",
		"SELECT SLEEP(1)",
		"SELECT id FROM users INTO OUTFILE 'a'",
		"SELECT id INTO @a FROM users",
		"WITH a AS (SELECT 1) SELECT * FROM a",
		"WITH a AS (SELECT id FROM users) DELETE FROM users WHERE id IN (SELECT id FROM a)",
		"SELECT ROW_NUMBER() OVER (ORDER BY id) FROM users",
		"SELECT SUM(n) OVER w FROM counters WINDOW w AS (ORDER BY n)",
		"SELECT id FROM users INTERSECT SELECT id FROM sessions",
		"SELECT id FROM users EXCEPT SELECT id FROM sessions",
		"SELECT id FROM users WHERE id REGEXP 'a'",
		"SELECT id FROM users AS OF TIMESTAMP NOW()",
		"INSERT INTO users (id) VALUES (?) RETURNING id",
		"DELETE FROM users WHERE id = ? RETURNING id",
		"REPLACE INTO users (id) VALUES (?)",
		"XA START 'a'",
		"LOCK TABLES users WRITE",
		"CALL a()",
		"PREPARE a FROM 'SELECT 1'",
		"START TRANSACTION WITH CAUSAL CONSISTENCY ONLY",
		"SET @a = 1",
		"CREATE TABLE a (id INT)",
		"CREATE TEMPORARY TABLE a (id INT PRIMARY KEY)",
		"CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY)",
		"CREATE TABLE a (id INT PRIMARY KEY REFERENCES b (id))",
		"CREATE TABLE a (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES b (id))",
		"CREATE TABLE a (id INT PRIMARY KEY, word TEXT, FULLTEXT KEY (word))",
		"CREATE TABLE a (id INT PRIMARY KEY, CHECK (id > 1))",
		"CREATE TABLE a (id INT PRIMARY KEY, b INT AS (id + 1))",
		"CREATE TABLE a (id INT PRIMARY KEY, b INT DEFAULT (1 + 1))",
		"CREATE TABLE a (id INT PRIMARY KEY, KEY b ((id + 1)))",
		"CREATE TABLE a (id INT PRIMARY KEY, KEY b (id DESC))",
		"CREATE TABLE a (id INT PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 4",
		"CREATE TABLE a (id INT PRIMARY KEY) COLLATE utf8mb4_0900_ai_ci",
		"CREATE TABLE a (id JSON, b INT PRIMARY KEY)",
		"ALTER TABLE a ADD COLUMN IF NOT EXISTS b INT",
		"CREATE INDEX IF NOT EXISTS b ON a (b)",
		"CREATE TRIGGER a BEFORE INSERT ON b FOR EACH ROW SET NEW.c = 1",
		"CREATE VIEW a AS SELECT 1",
		"TRUNCATE TABLE a",
	} {
		if len(complaints(statement)) == 0 {
			t.Errorf("nothing is said against: %s", statement)
		}
	}
}
