/** What the pages of the site do besides what TypeDoc's theme does. */

(() => {
  /** From disk, a browser may refuse the clipboard to scripts, but not to a selection. */
  const copied = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = Object.assign(document.createElement('textarea'), { value: text, readOnly: true });
      area.className = 'unseen';
      document.body.append(area);
      area.select();
      const done = document.execCommand('copy');
      area.remove();
      return done;
    }
  };

  // Instead of the theme's listener, which removes the spaces around the text and has no second way.
  document.addEventListener(
    'click',
    async (event) => {
      const button = event.target instanceof Element ? event.target.closest('pre > button') : null;
      if (button === null) return;
      event.stopImmediatePropagation();
      const text = button.parentElement.querySelector('code').textContent.replace(/\n$/, '');
      const done = await copied(text);
      button.textContent = done ? 'Copied' : 'Not copied';
      button.setAttribute('aria-label', button.textContent);
      button.classList.add('visible');
      button.focus();
      setTimeout(() => {
        button.textContent = 'Copy';
        button.setAttribute('aria-label', 'Copy this code');
        button.classList.remove('visible');
      }, 1500);
    },
    true,
  );

  // The theme's search goes nowhere until a result is chosen: the first one is, without a choice.
  document.getElementById('tsd-search-input').addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.target.getAttribute('aria-activedescendant')) return;
    document.querySelector('#tsd-search-results a')?.click();
  });

  // The theme opens the menu of a narrow screen by pointer only.
  const menu = document.getElementById('tsd-toolbar-menu-trigger');
  menu.setAttribute('role', 'button');
  menu.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    for (const type of ['mouseup', 'touchend']) menu.dispatchEvent(new MouseEvent(type));
    document.querySelector('.site-menu a').focus();
  });
})();
