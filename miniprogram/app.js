/** The whole program; what it does stands in the pages and in lib/. */
App({
  /**
   * A scene that this program's own scanner has just read from a screen; the login page takes it
   * out. It goes this way, and not in the page's address, since a link could write that.
   */
  scanned: '',
});
