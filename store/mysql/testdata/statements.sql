COMMIT
CREATE TABLE IF NOT EXISTS activity ( day INT NOT NULL, app_id VARBINARY(64) NOT NULL, slot TINYINT NOT NULL, new_users BIGINT NOT NULL, active_users BIGINT NOT NULL, logins BIGINT NOT NULL, PRIMARY KEY (app_id, day, slot), KEY by_day (day, app_id) ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS announcements ( id BINARY(16) NOT NULL PRIMARY KEY, at BIGINT NOT NULL, origin BINARY(16) NOT NULL, topic VARBINARY(191) NOT NULL, message VARBINARY(191) NOT NULL, KEY by_at (at) ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS audit ( id BINARY(16) NOT NULL PRIMARY KEY, action VARBINARY(32) NOT NULL, actor VARBINARY(128) NOT NULL, user_id VARBINARY(64) NOT NULL, ip_address VARBINARY(64) NULL, detail MEDIUMTEXT NULL, KEY by_user (user_id, id), KEY by_actor (actor, id), KEY by_action (action, id) ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS counters ( name VARBINARY(96) NOT NULL, slot TINYINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (name, slot) ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS former_ids ( id BINARY(16) NOT NULL PRIMARY KEY, user_id BINARY(16) NOT NULL, KEY by_user (user_id) ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS identities ( app_id VARBINARY(64) NOT NULL, open_id VARBINARY(191) NOT NULL, user_id BINARY(16) NOT NULL, place INT NOT NULL, linked_at BIGINT NOT NULL, active_on INT NOT NULL, session_keys BLOB NOT NULL, keys_end BIGINT NULL, PRIMARY KEY (app_id, open_id), KEY by_user (user_id), KEY by_app (app_id, user_id), KEY by_open_id (open_id), KEY by_keys_end (keys_end) ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS leases ( name VARBINARY(64) NOT NULL PRIMARY KEY, holder VARBINARY(64) NOT NULL, ends BIGINT NOT NULL ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS messages ( id BINARY(32) NOT NULL PRIMARY KEY, ends BIGINT NOT NULL, KEY by_end (ends) ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS meta ( name VARBINARY(64) NOT NULL PRIMARY KEY, value MEDIUMBLOB NOT NULL, version BIGINT NOT NULL ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS scan_logins ( id BINARY(16) NOT NULL PRIMARY KEY, app_id VARBINARY(64) NOT NULL, secret_hash BINARY(32) NOT NULL, status VARBINARY(16) NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, ip_address VARBINARY(64) NULL, user_agent VARCHAR(256) NULL, session_id BINARY(16) NULL, KEY by_session (session_id) ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS secrets ( name VARBINARY(191) NOT NULL PRIMARY KEY, value MEDIUMBLOB NOT NULL, written_by BINARY(16) NOT NULL ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS sessions ( id BINARY(16) NOT NULL PRIMARY KEY, user_id BINARY(16) NOT NULL, app_id VARBINARY(64) NOT NULL, open_id VARBINARY(191) NOT NULL, created_at BIGINT NOT NULL, last_used_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, user_agent VARCHAR(256) NULL, ip_address VARBINARY(64) NULL, blocked TINYINT NOT NULL, refresh_generation BIGINT NOT NULL, refresh_key_id BIGINT NOT NULL, refresh_hash BINARY(32) NOT NULL, refresh_issued_at BIGINT NOT NULL, recent_refresh VARBINARY(1024) NOT NULL, claims INT NOT NULL DEFAULT 0, KEY by_user (user_id, id), KEY by_end (expires_at) ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS union_ids ( union_id VARBINARY(255) NOT NULL PRIMARY KEY, user_id BINARY(16) NOT NULL, KEY by_user (user_id) ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
CREATE TABLE IF NOT EXISTS users ( id BINARY(16) NOT NULL PRIMARY KEY, former_ids BLOB NOT NULL, admin TINYINT NOT NULL, blocked TINYINT NOT NULL, blocked_at BIGINT NOT NULL, blocked_reason MEDIUMTEXT NULL, union_id VARBINARY(255) NULL, earlier_union_ids BLOB NOT NULL, nick_name MEDIUMTEXT NULL, avatar_url MEDIUMTEXT NULL, gender INT NOT NULL, language MEDIUMTEXT NULL, city MEDIUMTEXT NULL, province MEDIUMTEXT NULL, country MEDIUMTEXT NULL, profile_updated_at BIGINT NOT NULL, phone BLOB NULL, created_at BIGINT NOT NULL, last_login_at BIGINT NOT NULL, login_count BIGINT NOT NULL, folded_nick_name VARBINARY(128) NULL, phone_lookup BINARY(32) NULL, UNIQUE KEY by_phone (phone_lookup), KEY by_nick_name (folded_nick_name), KEY by_created_at (created_at, id), KEY by_last_login_at (last_login_at, id), KEY by_blocked (blocked, created_at, id), KEY by_admin (admin, created_at, id) ) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
DELETE FROM announcements WHERE id IN (?)
DELETE FROM audit WHERE id IN (?)
DELETE FROM former_ids WHERE id = ?
DELETE FROM identities WHERE user_id = ?
DELETE FROM leases WHERE ends <= CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)
DELETE FROM leases WHERE holder = ?
DELETE FROM messages WHERE id IN (?)
DELETE FROM meta WHERE name = 'transfer'
DELETE FROM scan_logins WHERE id IN (?)
DELETE FROM scan_logins WHERE session_id = ?
DELETE FROM scan_logins WHERE session_id IN (?)
DELETE FROM sessions WHERE id = ?
DELETE FROM sessions WHERE id IN (?)
DELETE FROM union_ids WHERE union_id = ?
DELETE FROM users WHERE id = ?
INSERT IGNORE INTO meta (name, value, version) VALUES ('migrating', '', 0), ('schema', '0', 0)
INSERT IGNORE INTO meta (name, value, version) VALUES ('ring', ?, ?)
INSERT INTO activity (day, app_id, slot, new_users, active_users, logins) VALUES (?, ?, @@auto_increment_offset % 4 * 32 + ?, ?, ?, ?) ON DUPLICATE KEY UPDATE new_users = new_users + VALUES(new_users), active_users = active_users + VALUES(active_users), logins = logins + VALUES(logins)
INSERT INTO announcements (id, at, origin, topic, message) VALUES (?, CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED), ?, ?, ?) ON DUPLICATE KEY UPDATE at = at
INSERT INTO audit (id, action, actor, user_id, ip_address, detail) VALUES (?, ?, ?, ?, (SELECT ? FROM users WHERE id = COALESCE((SELECT user_id FROM former_ids WHERE id = ?), ?) FOR UPDATE), ?)
INSERT INTO audit (id, action, actor, user_id, ip_address, detail) VALUES (?, ?, ?, ?, ?, ?)
INSERT INTO counters (name, slot, n) VALUES (?, @@auto_increment_offset % 4 * 32 + ?, ?) ON DUPLICATE KEY UPDATE n = n + VALUES(n)
INSERT INTO former_ids (id, user_id) VALUES (?, ?)
INSERT INTO identities (app_id, open_id, user_id, place, linked_at, active_on, session_keys, keys_end) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO leases (holder, ends, name) VALUES (?, CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) + ?, ?)
INSERT INTO messages (id, ends) VALUES (?, ?)
INSERT INTO meta (name, value, version) VALUES ('probe', '', 0) ON DUPLICATE KEY UPDATE version = version + 1
INSERT INTO meta (name, value, version) VALUES ('rotated', '', CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)) ON DUPLICATE KEY UPDATE version = VALUES(version)
INSERT INTO meta (name, value, version) VALUES ('transfer', ?, 0)
INSERT INTO scan_logins (id, app_id, secret_hash, status, created_at, expires_at, ip_address, user_agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE status = status
INSERT INTO scan_logins (id, app_id, secret_hash, status, created_at, expires_at, ip_address, user_agent, session_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO secrets (value, written_by, name) VALUES (?, ?, ?)
INSERT INTO sessions (user_id, app_id, open_id, created_at, last_used_at, expires_at, user_agent, ip_address, blocked, refresh_generation, refresh_key_id, refresh_hash, refresh_issued_at, recent_refresh, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
INSERT INTO union_ids (union_id, user_id) VALUES (?, ?)
INSERT INTO users (former_ids, admin, blocked, blocked_at, blocked_reason, union_id, earlier_union_ids, nick_name, avatar_url, gender, language, city, province, country, profile_updated_at, phone, created_at, last_login_at, login_count, folded_nick_name, phone_lookup, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
RELEASE SAVEPOINT begun
ROLLBACK
SAVEPOINT begun
SELECT 1
SELECT 1 FROM (SELECT 1) c STRAIGHT_JOIN users u ON u.id = c.id LIMIT ?
SELECT 1 FROM DUAL WHERE ((SELECT 1 FROM identities i WHERE i.user_id = u.id AND i.app_id = ? LIMIT 1) IS NOT NULL)
SELECT 1 FROM DUAL WHERE (u.admin = ?)
SELECT 1 FROM DUAL WHERE (u.blocked = ?)
SELECT 1 FROM DUAL WHERE (u.created_at < ?)
SELECT 1 FROM DUAL WHERE (u.created_at <= ? AND (u.created_at < ? OR u.id < ?))
SELECT 1 FROM DUAL WHERE (u.created_at <= ? AND (u.created_at < ? OR u.id <= ?))
SELECT 1 FROM DUAL WHERE (u.created_at >= ? AND (u.created_at > ? OR u.id > ?))
SELECT 1 FROM DUAL WHERE (u.created_at >= ? AND (u.created_at > ? OR u.id >= ?))
SELECT 1 FROM DUAL WHERE (u.created_at >= ? AND u.created_at < ?)
SELECT 1 FROM DUAL WHERE (u.created_at >= ?)
SELECT 1 FROM DUAL WHERE (u.folded_nick_name >= ? AND u.folded_nick_name < ?)
SELECT 1 FROM DUAL WHERE (u.last_login_at < ?)
SELECT 1 FROM DUAL WHERE (u.last_login_at <= ? AND (u.last_login_at < ? OR u.id < ?))
SELECT 1 FROM DUAL WHERE (u.last_login_at <= ? AND (u.last_login_at < ? OR u.id <= ?))
SELECT 1 FROM DUAL WHERE (u.last_login_at >= ? AND (u.last_login_at > ? OR u.id > ?))
SELECT 1 FROM DUAL WHERE (u.last_login_at >= ? AND (u.last_login_at > ? OR u.id >= ?))
SELECT 1 FROM DUAL WHERE (u.last_login_at >= ? AND u.last_login_at < ?)
SELECT 1 FROM DUAL WHERE (u.last_login_at >= ?)
SELECT 1 FROM DUAL WHERE TRUE
SELECT 1 FROM DUAL WHERE a.action = ?
SELECT 1 FROM DUAL WHERE a.id < ?
SELECT 1 FROM DUAL WHERE a.id >= ?
SELECT 1 FROM DUAL WHERE a.user_id = ?
SELECT 1 FROM DUAL WHERE actor IN (?)
SELECT 1 FROM DUAL WHERE i.app_id = ?
SELECT 1 FROM DUAL WHERE id > ?
SELECT 1 FROM DUAL WHERE u.admin = ?
SELECT 1 FROM DUAL WHERE u.blocked = ?
SELECT 1 FROM DUAL WHERE u.created_at < ?
SELECT 1 FROM DUAL WHERE u.created_at >= ?
SELECT 1 FROM DUAL WHERE u.folded_nick_name < ?
SELECT 1 FROM DUAL WHERE u.folded_nick_name >= ?
SELECT 1 FROM DUAL WHERE u.id IN (?)
SELECT 1 FROM DUAL WHERE u.last_login_at < ?
SELECT 1 FROM DUAL WHERE u.last_login_at >= ?
SELECT 1 FROM DUAL WHERE user_id IN (?)
SELECT 1 FROM activity LIMIT 1
SELECT 1 FROM audit LIMIT 1
SELECT 1 FROM audit WHERE id = ?
SELECT 1 FROM former_ids WHERE id = ?
SELECT 1 FROM identities LIMIT 1
SELECT 1 FROM identities WHERE app_id = ? AND open_id = ? FOR UPDATE
SELECT 1 FROM messages LIMIT 1
SELECT 1 FROM messages WHERE id = ?
SELECT 1 FROM scan_logins LIMIT 1
SELECT 1 FROM secrets LIMIT 1
SELECT 1 FROM sessions LIMIT 1
SELECT 1 FROM union_ids WHERE union_id = ? FOR UPDATE
SELECT 1 FROM users LIMIT 1
SELECT 1 FROM users WHERE id = ? FOR UPDATE
SELECT 1 FROM users u LIMIT ?
SELECT 1 UNION ALL SELECT 1
SELECT 1 UNION SELECT 1
SELECT @@global.read_only, CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) FROM meta WHERE name = 'schema'
SELECT CAST(COALESCE(SUM(CASE name WHEN ? THEN -n ELSE n END), 0) AS SIGNED) FROM counters WHERE name IN (?)
SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - version FROM meta WHERE name = 'rotated'
SELECT COALESCE(MAX(ends) - CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED), 0) FROM leases
SELECT COUNT(*) FROM (SELECT 1) c
SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()
SELECT DISTINCT x.id FROM (SELECT 1) x
SELECT a.id FROM audit a ORDER BY a.id DESC LIMIT ?
SELECT a.id, a.action, a.actor, a.user_id, a.ip_address, a.detail FROM (SELECT 1) p STRAIGHT_JOIN audit a ON a.id = p.id ORDER BY a.id DESC
SELECT a.id, a.action, a.actor, a.user_id, a.ip_address, a.detail FROM audit a WHERE a.id = ?
SELECT a.id, a.action, a.actor, a.user_id, a.ip_address, a.detail FROM audit a WHERE a.id > ? ORDER BY a.id LIMIT ?
SELECT a.id, a.user_id FROM audit a WHERE a.id > ? ORDER BY a.id LIMIT ?
SELECT app_id, day, CAST(SUM(new_users) AS SIGNED), CAST(SUM(active_users) AS SIGNED), CAST(SUM(logins) AS SIGNED) FROM activity GROUP BY day, app_id ORDER BY day, app_id
SELECT app_id, open_id, session_keys FROM identities WHERE app_id = ? AND open_id >= ? OR app_id > ? ORDER BY app_id, open_id LIMIT ?
SELECT app_id, open_id, session_keys FROM identities WHERE keys_end <= ? ORDER BY keys_end, app_id, open_id LIMIT ? OFFSET ? FOR UPDATE
SELECT day, CAST(SUM(new_users) AS SIGNED), CAST(SUM(active_users) AS SIGNED), CAST(SUM(logins) AS SIGNED) FROM activity WHERE app_id = ? AND day BETWEEN ? AND ? GROUP BY day
SELECT day, app_id, CAST(SUM(new_users) AS SIGNED), CAST(SUM(active_users) AS SIGNED), CAST(SUM(logins) AS SIGNED) FROM activity WHERE day > ? OR day = ? AND app_id > ? GROUP BY day, app_id ORDER BY day, app_id LIMIT ?
SELECT f.id, f.user_id, u.id IS NOT NULL, u.former_ids, v.id IS NOT NULL FROM former_ids f LEFT JOIN users u ON u.id = f.user_id LEFT JOIN users v ON v.id = f.id WHERE f.id > ? ORDER BY f.id LIMIT ?
SELECT holder = ? OR ends <= CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) FROM leases WHERE name = ? FOR UPDATE
SELECT i.app_id, i.open_id, i.user_id, u.id IS NOT NULL, i.session_keys, i.keys_end FROM identities i LEFT JOIN users u ON u.id = i.user_id WHERE i.app_id = ? AND i.open_id > ? OR i.app_id > ? ORDER BY i.app_id, i.open_id LIMIT ?
SELECT i.session_keys, u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM (SELECT 1) page JOIN users u ON u.id = page.id LEFT JOIN identities i ON i.user_id = u.id ORDER BY u.id, i.place
SELECT i.user_id AS id FROM identities i
SELECT i.user_id AS id FROM identities i LIMIT ?
SELECT id <> ? FROM users WHERE phone_lookup = ?
SELECT id FROM audit
SELECT id FROM audit ORDER BY id DESC LIMIT 1
SELECT id FROM audit WHERE actor = ? AND id > ? ORDER BY id LIMIT 1 OFFSET ?
SELECT id FROM audit WHERE user_id = ? AND id > ? ORDER BY id LIMIT 1 OFFSET ?
SELECT id FROM sessions ORDER BY id LIMIT 1
SELECT id FROM sessions WHERE user_id = ? AND blocked = 0 FOR UPDATE
SELECT id FROM users ORDER BY id LIMIT ?
SELECT id FROM users WHERE id = (SELECT s.user_id FROM sessions s WHERE s.id = (SELECT session_id FROM scan_logins WHERE id = ?)) FOR UPDATE
SELECT id FROM users WHERE id = (SELECT s.user_id FROM sessions s WHERE s.id = ?) FOR UPDATE
SELECT id FROM users WHERE id = (SELECT user_id FROM identities WHERE app_id = ? AND open_id = ?) FOR UPDATE
SELECT id FROM users WHERE id = (SELECT user_id FROM union_ids WHERE union_id = ?) FOR UPDATE
SELECT id FROM users WHERE id = ?
SELECT id FROM users WHERE phone_lookup = ?
SELECT id, 0 FROM announcements WHERE at <= CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - ? ORDER BY at, id LIMIT ? FOR UPDATE
SELECT id, 0 FROM messages WHERE ends <= ? ORDER BY ends, id LIMIT ? FOR UPDATE
SELECT id, 0 FROM scan_logins WHERE id < ? ORDER BY id LIMIT ? FOR UPDATE
SELECT id, 1 - blocked FROM sessions WHERE expires_at <= ? ORDER BY expires_at, id LIMIT ? FOR UPDATE
SELECT id, 1 FROM audit WHERE id < ? ORDER BY id LIMIT ? FOR UPDATE
SELECT id, action FROM audit WHERE user_id = ? ORDER BY id DESC LIMIT 1
SELECT id, app_id, secret_hash, status, created_at, expires_at, ip_address, user_agent, session_id FROM scan_logins WHERE id = ?
SELECT id, app_id, secret_hash, status, created_at, expires_at, ip_address, user_agent, session_id FROM scan_logins WHERE id = ? FOR UPDATE
SELECT id, app_id, secret_hash, status, created_at, expires_at, ip_address, user_agent, session_id FROM scan_logins WHERE id > ? ORDER BY id LIMIT ?
SELECT id, blocked FROM sessions WHERE user_id = ? FOR UPDATE
SELECT id, ends FROM messages WHERE id > ? ORDER BY id LIMIT ?
SELECT id, phone FROM users WHERE id >= ? AND phone IS NOT NULL ORDER BY id LIMIT ?
SELECT id, topic, message FROM announcements WHERE at > CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) - ? AND origin <> ? ORDER BY at DESC, id DESC LIMIT ?
SELECT l.id, l.app_id, l.status, l.created_at, l.session_id, s.app_id FROM scan_logins l LEFT JOIN sessions s ON s.id = l.session_id WHERE l.id > ? ORDER BY l.id LIMIT ?
SELECT n.union_id, n.user_id, u.id IS NOT NULL, u.union_id, u.earlier_union_ids FROM union_ids n LEFT JOIN users u ON u.id = n.user_id WHERE n.union_id > ? ORDER BY n.union_id LIMIT ?
SELECT name, CAST(SUM(n) AS SIGNED) FROM counters GROUP BY name
SELECT name, value FROM secrets WHERE name > ? ORDER BY name LIMIT ?
SELECT name, value FROM secrets WHERE name >= ? ORDER BY name LIMIT ?
SELECT s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh FROM sessions s FORCE INDEX (by_user) WHERE s.user_id = (SELECT s.user_id FROM sessions s WHERE s.id = (SELECT session_id FROM scan_logins WHERE id = ?)) ORDER BY s.id FOR UPDATE
SELECT s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh FROM sessions s FORCE INDEX (by_user) WHERE s.user_id = ? ORDER BY s.id FOR UPDATE
SELECT s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh FROM sessions s FORCE INDEX (by_user) WHERE s.user_id = COALESCE((SELECT user_id FROM former_ids WHERE id = ?), ?) ORDER BY s.id
SELECT s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh FROM sessions s FORCE INDEX (by_user) WHERE s.user_id IN ((SELECT user_id FROM identities WHERE app_id = ? AND open_id = ?), (SELECT user_id FROM union_ids WHERE union_id = ?)) ORDER BY s.id FOR UPDATE
SELECT s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh FROM sessions s WHERE s.id > ? ORDER BY s.id LIMIT ?
SELECT s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh FROM sessions s WHERE s.user_id = ? ORDER BY s.id DESC
SELECT s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh, u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN identities i ON i.user_id = u.id WHERE s.id = (SELECT session_id FROM scan_logins WHERE id = ?) ORDER BY i.place
SELECT s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh, u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN identities i ON i.user_id = u.id WHERE s.id = (SELECT session_id FROM scan_logins WHERE id = ?) ORDER BY i.place FOR UPDATE
SELECT s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh, u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN identities i ON i.user_id = u.id WHERE s.id = ? ORDER BY i.place
SELECT s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh, u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN identities i ON i.user_id = u.id WHERE s.id = ? ORDER BY i.place FOR UPDATE
SELECT s.id, u.id IS NOT NULL, COALESCE(u.blocked, 0), i.user_id IS NOT NULL, s.id, s.user_id, s.app_id, s.open_id, s.created_at, s.last_used_at, s.expires_at, s.user_agent, s.ip_address, s.blocked, s.refresh_generation, s.refresh_key_id, s.refresh_hash, s.refresh_issued_at, s.recent_refresh FROM sessions s LEFT JOIN users u ON u.id = s.user_id LEFT JOIN identities i ON i.app_id = s.app_id AND i.open_id = s.open_id AND i.user_id = s.user_id WHERE s.id > ? ORDER BY s.id LIMIT ?
SELECT u.id FROM users u
SELECT u.id FROM users u LIMIT ?
SELECT u.id, u.blocked, u.folded_nick_name, u.phone_lookup, (SELECT COUNT(*) FROM former_ids f WHERE f.user_id = u.id), (SELECT COUNT(*) FROM union_ids n WHERE n.user_id = u.id), i.place, u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM (SELECT 1) p STRAIGHT_JOIN users u ON u.id = p.id LEFT JOIN identities i ON i.user_id = u.id ORDER BY u.id, i.place
SELECT u.id, u.created_at AS at FROM (SELECT 1) c STRAIGHT_JOIN users u ON u.id = c.id ORDER BY u.created_at DESC, u.id DESC LIMIT ?
SELECT u.id, u.created_at AS at FROM (SELECT 1) c STRAIGHT_JOIN users u ON u.id = c.id ORDER BY u.created_at, u.id LIMIT ?
SELECT u.id, u.created_at AS at FROM users u ORDER BY u.created_at DESC, u.id DESC LIMIT ?
SELECT u.id, u.created_at AS at FROM users u ORDER BY u.created_at, u.id LIMIT ?
SELECT u.id, u.former_ids FROM users u WHERE u.id = COALESCE((SELECT user_id FROM former_ids WHERE id = ?), ?)
SELECT u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM (SELECT 1) p STRAIGHT_JOIN users u ON u.id = p.id LEFT JOIN identities i ON i.user_id = u.id ORDER BY p.at DESC, p.id DESC, i.place
SELECT u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM (SELECT 1) p STRAIGHT_JOIN users u ON u.id = p.id LEFT JOIN identities i ON i.user_id = u.id ORDER BY p.at, p.id, i.place
SELECT u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM users u LEFT JOIN identities i ON i.user_id = u.id WHERE u.id = (SELECT user_id FROM identities WHERE app_id = ? AND open_id = ?) ORDER BY i.place
SELECT u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM users u LEFT JOIN identities i ON i.user_id = u.id WHERE u.id = (SELECT user_id FROM identities WHERE app_id = ? AND open_id = ?) ORDER BY i.place FOR UPDATE
SELECT u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM users u LEFT JOIN identities i ON i.user_id = u.id WHERE u.id = (SELECT user_id FROM union_ids WHERE union_id = ?) ORDER BY i.place
SELECT u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM users u LEFT JOIN identities i ON i.user_id = u.id WHERE u.id = (SELECT user_id FROM union_ids WHERE union_id = ?) ORDER BY i.place FOR UPDATE
SELECT u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM users u LEFT JOIN identities i ON i.user_id = u.id WHERE u.id = COALESCE((SELECT user_id FROM former_ids WHERE id = ?), ?) ORDER BY i.place
SELECT u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM users u LEFT JOIN identities i ON i.user_id = u.id WHERE u.id = COALESCE((SELECT user_id FROM former_ids WHERE id = ?), ?) ORDER BY i.place FOR UPDATE
SELECT u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM users u LEFT JOIN identities i ON i.user_id = u.id WHERE u.id = COALESCE((SELECT user_id FROM identities WHERE app_id = ? AND open_id = ?), (SELECT user_id FROM union_ids WHERE union_id = ?)) ORDER BY i.place FOR UPDATE
SELECT u.id, u.former_ids, u.admin, u.blocked_at, u.blocked_reason, u.union_id, u.earlier_union_ids, u.nick_name, u.avatar_url, u.gender, u.language, u.city, u.province, u.country, u.profile_updated_at, u.phone, u.created_at, u.last_login_at, u.login_count, i.app_id, i.open_id, i.linked_at, i.active_on FROM users u LEFT JOIN identities i ON i.user_id = u.id WHERE u.phone_lookup = ? ORDER BY i.place
SELECT u.id, u.last_login_at AS at FROM (SELECT 1) c STRAIGHT_JOIN users u ON u.id = c.id ORDER BY u.last_login_at DESC, u.id DESC LIMIT ?
SELECT u.id, u.last_login_at AS at FROM (SELECT 1) c STRAIGHT_JOIN users u ON u.id = c.id ORDER BY u.last_login_at, u.id LIMIT ?
SELECT u.id, u.last_login_at AS at FROM users u ORDER BY u.last_login_at DESC, u.id DESC LIMIT ?
SELECT u.id, u.last_login_at AS at FROM users u ORDER BY u.last_login_at, u.id LIMIT ?
SELECT user_id FROM former_ids WHERE id = ?
SELECT user_id FROM identities WHERE open_id = ?
SELECT user_id FROM union_ids WHERE union_id = ?
SELECT user_id, session_keys FROM identities WHERE app_id = ? AND open_id = ?
SELECT user_id, session_keys FROM identities WHERE app_id = ? AND open_id = ? FOR UPDATE
SELECT value FROM meta WHERE name = 'schema'
SELECT value FROM meta WHERE name = 'transfer'
SELECT value FROM meta WHERE name = 'transfer' FOR UPDATE
SELECT value, version FROM meta WHERE name = 'ring'
SELECT value, written_by FROM secrets WHERE name = ?
SELECT value, written_by FROM secrets WHERE name = ? FOR UPDATE
SELECT version FROM meta WHERE name = 'ring'
SELECT version FROM meta WHERE name = 'ring' FOR UPDATE
SET TRANSACTION ISOLATION LEVEL READ COMMITTED
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ
SET autocommit = 0
SET autocommit = 1
SET innodb_lock_wait_timeout = 4
SET sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'
SET time_zone = '+00:00'
SHOW VARIABLES LIKE 'wsrep_on'
START TRANSACTION
START TRANSACTION WITH CONSISTENT SNAPSHOT
UPDATE audit SET ip_address = NULL, detail = NULL WHERE actor = ? AND id > ?
UPDATE audit SET ip_address = NULL, detail = NULL WHERE actor = ? AND id > ? AND id <= ?
UPDATE audit SET ip_address = NULL, detail = NULL WHERE user_id = ? AND id > ?
UPDATE audit SET ip_address = NULL, detail = NULL WHERE user_id = ? AND id > ? AND id <= ?
UPDATE identities SET session_keys = ? WHERE app_id = ? AND open_id = ? AND session_keys = ?
UPDATE identities SET session_keys = ?, keys_end = ? WHERE app_id = ? AND open_id = ?
UPDATE identities SET user_id = ?, place = ?, linked_at = ?, active_on = ? WHERE app_id = ? AND open_id = ?
UPDATE leases SET holder = ?, ends = CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) + ? WHERE name = ?
UPDATE meta SET value = ? WHERE name = 'schema' AND value = ?
UPDATE meta SET value = ? WHERE name = 'transfer'
UPDATE meta SET value = ?, version = ? WHERE name = 'ring'
UPDATE meta SET value = ?, version = GREATEST(CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) + ?, version + 1) WHERE name = 'migrating' AND (version < CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) OR value = ?)
UPDATE meta SET version = 0 WHERE name = 'migrating' AND value = ?
UPDATE scan_logins SET status = ?, session_id = ? WHERE id = ?
UPDATE secrets SET value = ? WHERE name = ? AND value = ?
UPDATE secrets SET value = ?, written_by = ? WHERE name = ?
UPDATE sessions SET blocked = 1 WHERE id = ?
UPDATE sessions SET claims = claims + 1 WHERE id = ?
UPDATE sessions SET last_used_at = ? WHERE id = ? AND last_used_at < ? AND blocked = 0 AND expires_at > ?
UPDATE sessions SET user_id = ?, app_id = ?, open_id = ?, created_at = ?, last_used_at = ?, expires_at = ?, user_agent = ?, ip_address = ?, blocked = ?, refresh_generation = ?, refresh_key_id = ?, refresh_hash = ?, refresh_issued_at = ?, recent_refresh = ? WHERE id = ?
UPDATE users SET former_ids = ?, admin = ?, blocked = ?, blocked_at = ?, blocked_reason = ?, union_id = ?, earlier_union_ids = ?, nick_name = ?, avatar_url = ?, gender = ?, language = ?, city = ?, province = ?, country = ?, profile_updated_at = ?, phone = ?, created_at = ?, last_login_at = ?, login_count = ?, folded_nick_name = ?, phone_lookup = ? WHERE id = ?
UPDATE users SET phone = ? WHERE id = ? AND phone = ?
