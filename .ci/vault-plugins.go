//go:build minimal

package builtinplugins

import dbPostgres "github.com/hashicorp/vault/plugins/database/postgresql"

func extendAddonPlugins(reg *registry) {
	reg.databasePlugins["postgresql-database-plugin"] = databasePlugin{Factory: dbPostgres.New}
}
