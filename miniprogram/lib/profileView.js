/**
 * What the account page shows in a state: finished words and switches.
 *
 * @typedef {import('./profile').ProfileState} ProfileState
 *
 * @typedef {object} ProfileView
 * @property {string} screen
 * @property {string} title
 * @property {string} sentence
 * @property {string} told
 * @property {string} notice
 * @property {boolean} busy
 * @property {boolean} hasForm
 * @property {string} picture an address, '' if there is none
 * @property {string} initial stands where the picture would
 * @property {string} nickname
 * @property {boolean} asksDelete
 * @property {Record<string, string>} buttons the words of each button, '' where it is not shown
 * @property {Record<string, string>} labels
 */

const { textsFor, fill } = require('./texts');
const { sentenceOf } = require('./trouble');

/**
 * @param {ProfileState} state
 * @param {string} language
 * @param {string} siteName
 * @param {(path: string) => string} absolute
 * @returns {ProfileView}
 */
function profileViewOf(state, language, siteName, absolute) {
  const texts = textsFor(language);
  const words = texts.profile;
  const { screen, user } = state;
  const values = { site: siteName };
  const isNewcomer = screen === 'newcomer';
  const isAccount = screen === 'account';
  const shown = words.screens[screen] || words.screens.account;
  const nickname = (user && user.nickname) || '';
  const seconds = state.retryIn || 10;
  const wait = { seconds, minutes: Math.ceil(seconds / 60) };
  return {
    screen,
    title: fill(nickname && isAccount ? nickname : shown.title, values),
    sentence: screen === 'problem' ? '' : fill(shown.sentence, values),
    told: state.told ? words.told[state.told] : '',
    notice: state.notice ? sentenceOf(state.notice, texts, wait) : '',
    busy: state.busy,
    hasForm: isNewcomer || isAccount,
    picture: state.picture || (user && user.avatar_url ? absolute(user.avatar_url) : ''),
    initial: Array.from(nickname)[0] || '?',
    nickname,
    asksDelete: state.asksDelete,
    buttons: {
      save: isNewcomer ? words.register : isAccount ? words.save : '',
      signOut: isAccount || isNewcomer ? words.signOut : '',
      askDelete: isAccount && !state.asksDelete ? words.askDelete : '',
      deleteAccount: words.deleteAccount,
      leave: texts.buttons.leave,
      signIn: screen === 'signed_out' ? words.signIn : '',
      retry: screen === 'problem' ? texts.buttons.retry : '',
      home: screen === 'deleted' || screen === 'signed_out' ? words.home : '',
    },
    labels: {
      avatar: isAccount ? words.changeAvatar : words.avatar,
      nickname: isAccount ? words.nickname : texts.labels.nickname,
      nicknamePlaceholder: texts.labels.nicknamePlaceholder,
      privacy: texts.labels.privacy,
      deleteQuestion: fill(words.deleteQuestion, values),
    },
  };
}

module.exports = { profileViewOf };
