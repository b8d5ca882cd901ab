#ifndef MODELCONV_CSUPPORT_H
#define MODELCONV_CSUPPORT_H
#include <stddef.h>
#include <stdint.h>

/// Installs a SIGBUS handler that ends the process with `status` and a message: a mapped file that another
/// process truncates raises SIGBUS on the next access, and the contract allows no death by signal.
void mc_install_sigbus_handler(int status);

/// Deletes the file at `path` (copied) when SIGINT, SIGTERM or SIGHUP ends the process; NULL forgets it.
/// One slot a call: returns a slot number for mc_forget_temporary, or -1 when all slots are taken.
int mc_remember_temporary(const char *path);
void mc_forget_temporary(int slot);
/// Deletes the remembered files. Safe in a signal handler; for those that end the process.
void mc_delete_temporaries(void);
/// Installs the handlers for SIGINT, SIGTERM and SIGHUP that delete the remembered files and exit 128 + signal, and
/// ignores SIGPIPE and SIGXFSZ, so that a closed pipe or a file size limit is a failed write and not a death by signal.
void mc_install_cleanup_handlers(void);
#endif
