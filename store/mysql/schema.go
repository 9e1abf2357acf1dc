package mysql

// migrations bring a database from the version of their index to the next. They
// are forward only. The statements of one are not a transaction, since most servers
// commit each; so each statement must be one that does no harm when it runs again.
//
// What they use is common to MySQL 5.7, MariaDB 10.11 and TiDB. Every table has a
// primary key, which Galera needs, and none is AUTO_INCREMENT: the instances make the
// ids. No foreign keys: TiDB and Galera treat them in their own ways, and Check does
// their work.
var migrations = [][]string{
	{
		`CREATE TABLE IF NOT EXISTS leases (
			name VARBINARY(64) NOT NULL PRIMARY KEY,
			holder VARBINARY(64) NOT NULL,
			ends BIGINT NOT NULL
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS secrets (
			name VARBINARY(191) NOT NULL PRIMARY KEY,
			value MEDIUMBLOB NOT NULL,
			written_by BINARY(16) NOT NULL
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS users (
			id BINARY(16) NOT NULL PRIMARY KEY,
			former_ids BLOB NOT NULL,
			admin TINYINT NOT NULL,
			blocked TINYINT NOT NULL,
			blocked_at BIGINT NOT NULL,
			blocked_reason MEDIUMTEXT NULL,
			union_id VARBINARY(255) NULL,
			earlier_union_ids BLOB NOT NULL,
			nick_name MEDIUMTEXT NULL,
			avatar_url MEDIUMTEXT NULL,
			gender INT NOT NULL,
			language MEDIUMTEXT NULL,
			city MEDIUMTEXT NULL,
			province MEDIUMTEXT NULL,
			country MEDIUMTEXT NULL,
			profile_updated_at BIGINT NOT NULL,
			phone BLOB NULL,
			created_at BIGINT NOT NULL,
			last_login_at BIGINT NOT NULL,
			login_count BIGINT NOT NULL,
			folded_nick_name VARBINARY(128) NULL,
			phone_lookup BINARY(32) NULL,
			UNIQUE KEY by_phone (phone_lookup),
			KEY by_nick_name (folded_nick_name),
			KEY by_created_at (created_at, id),
			KEY by_last_login_at (last_login_at, id),
			KEY by_blocked (blocked, created_at, id),
			KEY by_admin (admin, created_at, id)
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS former_ids (
			id BINARY(16) NOT NULL PRIMARY KEY,
			user_id BINARY(16) NOT NULL,
			KEY by_user (user_id)
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS union_ids (
			union_id VARBINARY(255) NOT NULL PRIMARY KEY,
			user_id BINARY(16) NOT NULL,
			KEY by_user (user_id)
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS identities (
			app_id VARBINARY(64) NOT NULL,
			open_id VARBINARY(191) NOT NULL,
			user_id BINARY(16) NOT NULL,
			place INT NOT NULL,
			linked_at BIGINT NOT NULL,
			active_on INT NOT NULL,
			session_keys BLOB NOT NULL,
			keys_end BIGINT NULL,
			PRIMARY KEY (app_id, open_id),
			KEY by_user (user_id),
			KEY by_app (app_id, user_id),
			KEY by_open_id (open_id),
			KEY by_keys_end (keys_end)
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS sessions (
			id BINARY(16) NOT NULL PRIMARY KEY,
			user_id BINARY(16) NOT NULL,
			app_id VARBINARY(64) NOT NULL,
			open_id VARBINARY(191) NOT NULL,
			created_at BIGINT NOT NULL,
			last_used_at BIGINT NOT NULL,
			expires_at BIGINT NOT NULL,
			user_agent VARCHAR(256) NULL,
			ip_address VARBINARY(64) NULL,
			blocked TINYINT NOT NULL,
			refresh_generation BIGINT NOT NULL,
			refresh_key_id BIGINT NOT NULL,
			refresh_hash BINARY(32) NOT NULL,
			refresh_issued_at BIGINT NOT NULL,
			recent_refresh VARBINARY(1024) NOT NULL,
			claims INT NOT NULL DEFAULT 0,
			KEY by_user (user_id, id),
			KEY by_end (expires_at)
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS scan_logins (
			id BINARY(16) NOT NULL PRIMARY KEY,
			app_id VARBINARY(64) NOT NULL,
			secret_hash BINARY(32) NOT NULL,
			status VARBINARY(16) NOT NULL,
			created_at BIGINT NOT NULL,
			expires_at BIGINT NOT NULL,
			ip_address VARBINARY(64) NULL,
			user_agent VARCHAR(256) NULL,
			session_id BINARY(16) NULL,
			KEY by_session (session_id)
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS audit (
			id BINARY(16) NOT NULL PRIMARY KEY,
			action VARBINARY(32) NOT NULL,
			actor VARBINARY(128) NOT NULL,
			user_id VARBINARY(64) NOT NULL,
			ip_address VARBINARY(64) NULL,
			detail MEDIUMTEXT NULL,
			KEY by_user (user_id, id),
			KEY by_actor (actor, id),
			KEY by_action (action, id)
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS messages (
			id BINARY(32) NOT NULL PRIMARY KEY,
			ends BIGINT NOT NULL,
			KEY by_end (ends)
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS counters (
			name VARBINARY(96) NOT NULL,
			slot TINYINT NOT NULL,
			n BIGINT NOT NULL,
			PRIMARY KEY (name, slot)
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS activity (
			day INT NOT NULL,
			app_id VARBINARY(64) NOT NULL,
			slot TINYINT NOT NULL,
			new_users BIGINT NOT NULL,
			active_users BIGINT NOT NULL,
			logins BIGINT NOT NULL,
			PRIMARY KEY (app_id, day, slot),
			KEY by_day (day, app_id)
		)` + tableOptions,
		`CREATE TABLE IF NOT EXISTS announcements (
			id BINARY(16) NOT NULL PRIMARY KEY,
			at BIGINT NOT NULL,
			origin BINARY(16) NOT NULL,
			topic VARBINARY(191) NOT NULL,
			message VARBINARY(191) NOT NULL,
			KEY by_at (at)
		)` + tableOptions,
	},
}

// metaTable is there before all migrations. Its rows, each with its value and version:
//
//	schema     how many migrations have run, in digits; 0
//	migrating  the instance that migrates; when its lease ends, in milliseconds
//	ring       the key ring, sealed; a number by chance, another for each ring
//	rotated    nothing; when the ring was rotated last, in milliseconds
//	probe      nothing; how often a server had to show that it writes
//	transfer   how far a copy to here has come (store.Checkpoint); 0
const metaTable = `CREATE TABLE IF NOT EXISTS meta (
	name VARBINARY(64) NOT NULL PRIMARY KEY,
	value MEDIUMBLOB NOT NULL,
	version BIGINT NOT NULL
)` + tableOptions

// tableOptions make texts compare byte by byte, whatever the server's default.
const tableOptions = " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
