package tidbtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
)

// functions are those that the three have, with one meaning.
var functions = []string{"cast", "coalesce", "count", "database", "greatest", "max", "min", "now", "sum", "unix_timestamp"}

// subset walks a statement and notes what does not belong to the common subset.
type subset struct{ complaints []string }

func (s *subset) refuse(wrong bool, what string) {
	if wrong {
		s.complaints = append(s.complaints, what)
	}
}

// statement looks at the kind of a statement.
func (s *subset) statement(node ast.Node) {
	switch node := node.(type) {
	case *ast.SelectStmt, *ast.SetOprStmt, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt, *ast.ShowStmt:
	case *ast.CommitStmt, *ast.RollbackStmt, *ast.SavepointStmt, *ast.ReleaseSavepointStmt:
	case *ast.BeginStmt:
		s.refuse(node.CausalConsistencyOnly || node.AsOf != nil || node.Mode != "", "TiDB alone begins so")
	case *ast.SetStmt:
		for _, v := range node.Variables {
			s.refuse(!v.IsSystem, "a variable of the connection")
		}
	case *ast.CreateTableStmt:
		s.table(node)
	case *ast.CreateIndexStmt:
		s.refuse(node.IfNotExists, "MySQL has no IF NOT EXISTS for an index")
	case *ast.AlterTableStmt:
		for _, spec := range node.Specs {
			s.refuse(spec.IfNotExists || spec.IfExists, "MySQL has no IF [NOT] EXISTS in ALTER TABLE")
		}
	default:
		s.refuse(true, fmt.Sprintf("a statement of the kind %T", node))
	}
}

// table looks at what CREATE TABLE says beside its columns and indexes.
func (s *subset) table(node *ast.CreateTableStmt) {
	s.refuse(!node.IfNotExists, "a migration may run twice")
	s.refuse(node.TemporaryKeyword != ast.TemporaryNone, "a temporary table")
	s.refuse(node.Partition != nil, "partitions")
	s.refuse(!hasPrimaryKey(node), "no primary key, without which Galera does not replicate")
	for _, option := range node.Options {
		s.refuse(option.Tp == ast.TableOptionCollate && option.StrValue != "utf8mb4_bin", "the collation "+option.StrValue)
	}
}

func hasPrimaryKey(node *ast.CreateTableStmt) bool {
	ofColumn := func(option *ast.ColumnOption) bool { return option.Tp == ast.ColumnOptionPrimaryKey }
	return slices.ContainsFunc(node.Constraints, func(c *ast.Constraint) bool { return c.Tp == ast.ConstraintPrimaryKey }) ||
		slices.ContainsFunc(node.Cols, func(c *ast.ColumnDef) bool { return slices.ContainsFunc(c.Options, ofColumn) })
}

// Enter looks at every part of a statement.
func (s *subset) Enter(node ast.Node) (ast.Node, bool) {
	switch node := node.(type) {
	case *ast.SelectStmt:
		s.query(node)
	case *ast.InsertStmt:
		s.refuse(node.IsReplace, "REPLACE deletes first")
	case *ast.FuncCallExpr:
		s.function(node.FnName.L)
	case *ast.AggregateFuncExpr:
		s.function(strings.ToLower(node.F))
	case *ast.WithClause, *ast.WindowFuncExpr, *ast.AsOfClause, *ast.SelectIntoOption, *ast.PatternRegexpExpr:
		s.refuse(true, fmt.Sprintf("a part of the kind %T", node))
	case *ast.ColumnDef:
		s.refuse(node.Tp.GetType() == mysql.TypeJSON, "JSON, which MariaDB keeps as text")
	case *ast.ColumnOption:
		s.column(node)
	case *ast.Constraint:
		s.refuse(node.Tp > ast.ConstraintUniqIndex, "a constraint that is no key")
	case *ast.IndexPartSpecification:
		s.refuse(node.Expr != nil || node.Desc, "MySQL 5.7 indexes columns, ascending")
	}
	return node, false
}

// Leave goes on.
func (s *subset) Leave(node ast.Node) (ast.Node, bool) { return node, true }

func (s *subset) query(node *ast.SelectStmt) {
	s.refuse(node.LockInfo != nil && node.LockInfo.LockType > ast.SelectLockForUpdate, "a lock that is not FOR UPDATE")
	s.refuse(len(node.WindowSpecs) > 0, "MySQL 5.7 has no windows")
	s.refuse(node.SelectIntoOpt != nil, "SELECT … INTO")
	s.refuse(node.AfterSetOperator != nil && *node.AfterSetOperator > ast.UnionAll, "MySQL 5.7 has UNION alone")
}

func (s *subset) function(name string) {
	s.refuse(!slices.Contains(functions, name), "the function "+name+" is not on the list of those that all have")
}

// column lets a column have what it needs: a key, a default that is a constant, a
// collation.
func (s *subset) column(option *ast.ColumnOption) {
	switch option.Tp {
	case ast.ColumnOptionPrimaryKey, ast.ColumnOptionNotNull, ast.ColumnOptionNull, ast.ColumnOptionUniqKey:
	case ast.ColumnOptionDefaultValue:
		_, constant := option.Expr.(ast.ValueExpr)
		s.refuse(!constant, "MySQL 5.7 has constants as defaults")
	default:
		s.refuse(true, "an option of a column that not all have")
	}
}
