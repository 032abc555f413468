/**
 * The two values that a site sets before it uploads this mini program.
 * 上传小程序之前需要改的两个值。
 */
module.exports = {
  /**
   * Address of the Saoma server, without a path. A published mini program needs https, and the
   * address must stand in the list of request domains.
   * Saoma 服务器地址，不带路径。正式版必须是 https，并加入“request 合法域名”。
   */
  server: 'http://localhost:8080',

  /** Name of the site as its users know it. 用户所熟悉的网站名称。 */
  siteName: 'Saoma',
};
